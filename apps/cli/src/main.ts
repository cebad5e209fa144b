import { Command, CommanderError } from 'commander';
import { addBindings } from './commands/bindings.js';
import { addCheck } from './commands/check.js';
import { addConfig } from './commands/config.js';
import { addReport } from './commands/report.js';
import { addSample } from './commands/sample.js';
import { addStart } from './commands/start.js';
import { addTimeline } from './commands/timeline.js';
import { addToken } from './commands/token.js';
import { CannotRun, exitCodes } from './exit.js';

const program = new Command('numlife')
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

Exit codes: 0 done, 1 the answer is no (lines rejected, verification failed), 2 could not run.`,
  )
  .exitOverride();

for (const add of [addStart, addSample, addReport, addBindings, addCheck, addTimeline, addToken, addConfig])
  add(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCodes.couldNotRun;
  else if (error instanceof CannotRun) {
    console.error(`numlife: ${error.message}`);
    process.exitCode = exitCodes.couldNotRun;
  } else {
    console.error(`numlife: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = exitCodes.couldNotRun;
  }
}
