// Takes out of the palette what ssflow neither shows nor checks.
const UNSUPPORTED = ['button', 'documentPreview', 'html', 'iframe', 'image'];

export default {
  __init__: [['formFields', limitPalette]],
};

function limitPalette(formFields) {
  for (const type of UNSUPPORTED) delete formFields._formFields[type];
}
