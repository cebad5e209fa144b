const sourceOf = /^(?<root>.*)\/(?<package>(?:libs|apps)\/[^/]+)\/src\/(?<file>.*)$/;

/**
 * The compiled JavaScript of a module beside the caller, for a worker thread: called as
 * `workerModule(import.meta.url, './writer.js')`. From TypeScript sources (a test) it is the one in the package's `dist`.
 */
export function workerModule(callerUrl: string, relative: string): URL {
  const url = new URL(relative, callerUrl);
  const source = callerUrl.endsWith('.ts') ? sourceOf.exec(url.pathname)?.groups : undefined;
  if (!source) return url;
  return new URL(`${source['root']}/${source['package']}/dist/${source['package']}/src/${source['file']}`, url);
}
