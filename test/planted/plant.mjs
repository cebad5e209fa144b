// Plants each bug of bugs.ts, one after the other, in a copy of the repository, and runs the one test that must catch it:
// `npm run planted`, or `npm run planted -- parked` for those whose name has this in it. Exits 1 when a bug survives.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bugs } from './bugs.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const say = (text) => process.stdout.write(text);

const packagesOf = (folder) =>
  ['libs', 'apps'].flatMap((kind) => readdirSync(join(folder, kind)).map((name) => join(kind, name)));

/** Sources and what is built of them; of the packages, ours lead into the copy and all others back here. */
function copyRepository() {
  const copy = mkdtempSync(join(tmpdir(), 'planted-'));
  const left = new Set(['.git', 'node_modules', 'data', 'coverage']);
  for (const name of readdirSync(root).filter((entry) => !left.has(entry)))
    cpSync(join(root, name), join(copy, name), {
      recursive: true,
      filter: (path) => !path.includes(`${sep}node_modules`),
    });
  for (const folder of packagesOf(copy)) linkPackages(join(root, folder), join(copy, folder));
  linkPackages(root, copy);
  for (const folder of packagesOf(copy)) {
    const { name } = JSON.parse(readFileSync(join(copy, folder, 'package.json'), 'utf8'));
    const link = join(copy, 'node_modules', name);
    symlinkSync(relative(dirname(link), join(copy, folder)), link);
  }
  return copy;
}

const ours = new Set(['@numlife', 'numlife']);

function linkPackages(from, to) {
  if (!existsSync(join(from, 'node_modules'))) return;
  mkdirSync(join(to, 'node_modules', '@numlife'), { recursive: true });
  for (const name of readdirSync(join(from, 'node_modules')).filter((entry) => !ours.has(entry)))
    symlinkSync(join(from, 'node_modules', name), join(to, 'node_modules', name));
}

function build(copy, packages) {
  for (const name of packages) execFileSync(bin('nest'), ['build', name], { cwd: copy, stdio: 'pipe' });
}

/** Whether the named test ran, and passed. */
function run(copy, { file, test }) {
  const report = join(copy, 'report.json');
  const pattern = test.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const args = [bin('jest'), file, '-t', pattern, '--json', '--outputFile', report, '--silent', '--ci'];
  rmSync(report, { force: true });
  const { stderr } = spawnSync(process.execPath, ['--experimental-vm-modules', ...args], {
    cwd: copy,
    encoding: 'utf8',
  });
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8')).testResults.flatMap(({ assertionResults }) => assertionResults);
  } catch {
    return { ran: false, said: stderr };
  }
  const named = results.filter(({ title, status }) => title === test && status !== 'pending');
  return { ran: named.length === 1, passed: named[0]?.status === 'passed', said: stderr };
}

function plant(copy, { file, find, replace, builds, caughtBy }) {
  const path = join(copy, file);
  const sound = readFileSync(path, 'utf8');
  const before = run(copy, caughtBy);
  if (!before.ran || !before.passed) return { verdict: 'its test does not pass without it', said: before.said };
  if (sound.split(find).length !== 2) return { verdict: 'it has no place any more' };
  writeFileSync(
    path,
    sound.replace(find, () => replace),
  );
  try {
    build(copy, builds);
    const { ran, passed, said } = run(copy, caughtBy);
    return { verdict: ran && !passed ? 'caught' : ran ? 'NOT CAUGHT' : 'its test did not run', said };
  } finally {
    writeFileSync(path, sound);
    build(copy, builds);
  }
}

const wanted = bugs.filter(({ name }) => process.argv.slice(2).every((word) => name.includes(word)));
const copy = copyRepository();
let survivors = 0;
try {
  for (const bug of wanted) {
    say(`${bug.name} … `);
    const { verdict, said } = plant(copy, bug);
    say(`${verdict}: ${bug.caughtBy.file}, "${bug.caughtBy.test}"\n`);
    if (verdict === 'caught') continue;
    survivors += 1;
    if (said) say(`${said}\n`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
say(`${wanted.length - survivors} of ${wanted.length} planted bugs caught\n`);
process.exit(survivors === 0 && wanted.length > 0 ? 0 : 1);
