// Runs the steps of the Dockerfile in an empty folder, without a container engine, and starts `numlife` from what comes out.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const lines = (text) => text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
const dockerfile = await readFile(join(import.meta.dirname, 'Dockerfile'), 'utf8');
const [build = [], final = []] = stagesOf(dockerfile);
const folder = await mkdtemp(join(tmpdir(), 'numlife-image-'));

function stagesOf(text) {
  const stages = [];
  for (const instruction of lines(text.replaceAll(/\\\n/g, ' '))) {
    if (instruction.startsWith('FROM ')) stages.push([]);
    stages.at(-1)?.push(instruction);
  }
  return stages;
}

/** The forms the ignore file has: all, again a name at the top, a name or an ending at any depth. */
async function takesOf(ignored) {
  const kept = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  const dropped = ignored.filter((line) => line.startsWith('**/')).map((line) => line.slice(3));
  if (ignored[0] !== '*' || 1 + kept.length + dropped.length !== ignored.length) throw new Error('an unknown form');
  return (path) => {
    const parts = path.split('/');
    if (path !== '' && !kept.includes(parts[0])) return false;
    return !dropped.some((name) => (name.startsWith('*.') ? path.endsWith(name.slice(1)) : parts.includes(name)));
  };
}

function run(command, args, { cwd, env }) {
  const ran = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: 1_200_000 });
  return { status: ran.status, output: `${ran.stdout}${ran.stderr}` };
}

function mustRun(step, result) {
  if (result.status !== 0) throw new Error(`${step} ended with ${result.status}:\n${result.output.slice(-4000)}`);
  return result.output;
}

/** What npm scripts of this run put first in the path would stand in for what the image has. */
const cleanPath = process.env.PATH.split(delimiter)
  .filter((part) => !part.includes('node_modules'))
  .join(delimiter);
const node = dirname(process.execPath);
/** How this machine reaches its registry, and nothing that this run's npm says to scripts. */
const surroundings = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_(?!config_)|NODE_OPTIONS$|NODE_ENV$|INIT_CWD$)/.test(name)),
);

async function buildImage(to) {
  const takes = await takesOf(lines(await readFile(join(import.meta.dirname, 'Dockerfile.dockerignore'), 'utf8')));
  await cp(root, to, { recursive: true, filter: (from) => takes(relative(root, from)) });
  const env = { ...surroundings, PATH: `${node}${delimiter}${cleanPath}` };
  for (const instruction of build.filter((line) => line.startsWith('RUN '))) {
    const step = instruction
      .slice(4)
      .replaceAll(/--mount=\S+/g, '')
      .trim();
    console.log(`$ ${step.replaceAll(/\s+/g, ' ')}`);
    mustRun(step, run('sh', ['-ec', step], { cwd: to, env }));
  }
}

const environment = (image) => {
  const [, names] = /^ENV (.*)$/m.exec(final.join('\n'));
  const set = Object.fromEntries(names.split(' ').map((pair) => pair.split('=')));
  const path = set.PATH.replaceAll('/numlife/', `${image}/`);
  return { ...set, DATA_DIR: join(folder, 'data'), PATH: `${node}${delimiter}${path}` };
};

async function sizeOf(path) {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(file.parentPath, file.name))).size));
  return { files: files.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

async function lacks(image) {
  const unwanted = [
    'node_modules/jest',
    'node_modules/typescript',
    'node_modules/node',
    'apps/hub/src',
    'libs/testing',
  ];
  for (const path of unwanted)
    if (await stat(join(image, path)).catch(() => undefined)) throw new Error(`the image has ${path}`);
}

try {
  const image = join(folder, 'numlife');
  await mkdir(join(folder, 'data'));
  await buildImage(image);
  await lacks(image);
  const started = { cwd: join(folder, 'data'), env: environment(image) };
  const rows = JSON.parse(mustRun('numlife config', run('numlife', ['config', '--json'], started)));
  for (const name of ['hub', 'gateway', 'connector', 'topics ensure', 'keys init'])
    mustRun(name, run('numlife', [...name.split(' '), '--help'], started));
  // A process loads its own code before it says which setting it misses, and the adapters only after.
  for (const name of ['hub', 'gateway', 'connector']) {
    const { status, output } = run('numlife', [name], { ...started, env: { ...started.env, MODE: 'distributed' } });
    if (status !== 2 || !output.includes('is not set'))
      throw new Error(`numlife ${name} ended with ${status}: ${output}`);
  }
  for (const name of ['transport-kafka', 'store-eventstoredb', 'views/postgresql']) {
    const script = ['--input-type=module', '-e', `await import('@numlife/${name}')`];
    mustRun(name, run('node', script, { ...started, cwd: image }));
  }
  const { files, bytes } = await sizeOf(image);
  const settings = Array.isArray(rows) ? rows.length : Object.keys(rows).length;
  console.log(`ok: numlife starts; ${settings} settings; ${files} files, ${Math.round(bytes / 1e6)} MB beside Node`);
} catch (error) {
  console.error(`check:image: ${error.message}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
