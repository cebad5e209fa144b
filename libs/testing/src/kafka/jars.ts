import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Beside the sources, and beside what they were built into. */
const pom = ['../../kafka/pom.xml', '../../../../../kafka/pom.xml']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path))!;
const fetchTimeoutMs = 300_000;

const cacheFolder = (): string => process.env['NUMLIFE_CACHE_DIR'] ?? join(homedir(), '.cache', 'numlife');

/** The folder the jars are in, or will be: another pom gets another. */
function jarsFolder(): string {
  const version = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12);
  return join(cacheFolder(), `kafka-${version}`);
}

const runs = (command: string): boolean => spawnSync(command, ['-version'], { stdio: 'ignore' }).status === 0;

/** Why no broker can be started here, and what would help; undefined: one can. */
export function whatKafkaLacks(): string | undefined {
  const missing = [
    ...(runs('java') ? [] : ['Java 17 or later (Debian: default-jre-headless)']),
    ...(existsSync(jarsFolder()) || runs('mvn') ? [] : ['Maven, to fetch the jars once (Debian: maven)']),
  ];
  return missing.length === 0 ? undefined : missing.join(' and ');
}

/** Fetches the jars if they are not in the cache; whoever comes first puts the whole folder in its place. */
export async function kafkaJars(): Promise<string> {
  const folder = jarsFolder();
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  const mine = mkdtempSync(`${folder}.fetching-`);
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${mine}`];
  await run('mvn', ['-q', '-B', '-f', pom, ...goal], { timeout: fetchTimeoutMs });
  try {
    renameSync(mine, folder);
  } catch (error) {
    rmSync(mine, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
