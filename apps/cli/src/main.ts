import { Command, CommanderError, Help } from 'commander';
import { addBindings } from './commands/bindings.js';
import { addCheck } from './commands/check.js';
import { addConfig } from './commands/config.js';
import { addKeys } from './commands/keys.js';
import { addProcesses } from './commands/processes.js';
import { addReport } from './commands/report.js';
import { addSample } from './commands/sample.js';
import { addStart } from './commands/start.js';
import { addTimeline } from './commands/timeline.js';
import { addToken } from './commands/token.js';
import { addTopics } from './commands/topics.js';
import { Refused } from './client.js';
import { exitCodes } from './exit.js';

const help = new Help();
const program = new Command('numlife')
  .configureHelp({
    optionDescription: (option) => `${help.optionDescription(option)}${option.mandatory ? ' (required)' : ''}`,
  })
  .description('What happens when a mobile number changes hands: reports in, answers out.')
  .version('0.1.0')
  .showHelpAfterError('(numlife COMMAND --help shows what it takes)')
  .addHelpText(
    'after',
    `
Environment:
  NUMLIFE_URL    where the server is (http://127.0.0.1:8080)
  NUMLIFE_TOKEN  a bearer token; else the client file DATA_DIR/clients/ORG.json of the organisation it acts for
  DATA_DIR       where the server keeps its data and client files (data)
  CLIENTS_DIR    where the client files are, when not there

Exit codes: 0 done, 1 the answer is no (lines rejected, verification failed), 2 could not run.`,
  )
  .exitOverride();

const json = process.argv.includes('--json');
if (json) program.configureOutput({ outputError: () => undefined }).showHelpAfterError(false);

const everyday = [addStart, addSample, addReport, addBindings, addCheck, addTimeline, addToken, addConfig];
const distributed = [addProcesses, addKeys, addTopics];
for (const add of [...everyday, ...distributed]) add(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitOf(error);
}

/** Why it could not run, on standard error: a line for people, an object for machines. */
function exitOf(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.done;
    if (json) sayAsJson({ error: error.message.replace(/^error: /, '') });
    return exitCodes.couldNotRun;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (!json) console.error(`numlife: ${message}`);
  else sayAsJson({ error: message, ...(error instanceof Refused ? { problem: error.problem } : {}) });
  return exitCodes.couldNotRun;
}

function sayAsJson(value: object): void {
  console.error(JSON.stringify(value));
}
