/**
 * The compiled JavaScript of a module beside the caller, for a worker thread: called as
 * `workerModule(import.meta.url, './writer.js')`. From TypeScript sources (a test) it is the one in `dist`.
 */
export function workerModule(callerUrl: string, relative: string): URL {
  const url = new URL(relative, callerUrl);
  if (!callerUrl.endsWith('.ts')) return url;
  const at = url.pathname.lastIndexOf('/src/');
  return new URL(`${url.pathname.slice(0, at)}/dist/${url.pathname.slice(at + '/src/'.length)}`, url);
}
