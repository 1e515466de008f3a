// Where the built files stand.

/** The address of a built file next to the one at `here`, in the same version. */
export function besideThis(name, here) {
  const url = new URL(here);
  const folder = url.pathname.replace(/(chunks\/)?[^/]*$/, '');
  return `${url.origin}${folder}${name}${url.search}`;
}
