// Files of others may hold what a drawing leaves out; the console says what, so that it can be found.

export async function importWithWarnings(viewer, xml) {
  const { warnings } = await viewer.importXML(xml);
  for (const { message } of warnings) console.warn(`The file was read with a warning: ${message}`);
}
