import { type FailureCode, InfrastructureFailure } from '@numlife/event-sourcing';

// The longest match wins: a SQLSTATE begins with its class.
const codes: readonly (readonly [prefix: string, code: FailureCode, advice: string])[] = [
  ['08', 'unavailable', 'the connection was lost'],
  ['57P', 'unavailable', 'the server is starting, stopping, or ended the connection'],
  ['25P03', 'unavailable', 'the server ended a transaction that stood still'],
  ['25006', 'unavailable', 'the database only reads: a standby, or by order of its operator'],
  ['53', 'unavailable', 'the server is short of connections or memory'],
  ['53100', 'storage-full', 'the disk is full; make room, nothing recorded is lost'],
  ['40', 'unavailable', 'the transaction was in the way of another'],
  ['0A000', 'unavailable', 'the tables have changed under a connection'],
  ['3F000', 'unavailable', 'the tables are not there; whoever follows the store makes them again'],
  ['42P01', 'unavailable', 'the tables are not there; whoever follows the store makes them again'],
  ['57014', 'timeout', 'it took longer than allowed'],
  ['55P03', 'timeout', 'a lock was not given in time'],
  ['28', 'not-permitted', 'user or password were refused'],
  ['42501', 'not-permitted', 'the user lacks a right'],
  ['3D000', 'invalid-request', 'there is no such database'],
  ['58', 'storage-error', 'the disk or a file of the server does not work'],
  ['XX001', 'damaged', 'a stored row is not what was written'],
  ['XX002', 'damaged', 'an index is not what was written'],
];
// What the server says of a statement is of our making; what it says of values is not to be shown.
const refusedFor = (code: string, message: string) =>
  ['invalid-request', code.startsWith('42') ? message : 'refused by the server'] as const;

const sqlState = /^[0-9A-Z]{5}$/;
const fromSystem = /^E[A-Z_]{3,}$/;
const fromDriver =
  /^(Query read timeout|timeout exceeded when trying to connect|Connection terminated|Client has |Client was closed)/;

/**
 * The driver's error as the kernel's failure; anything else comes back as it is. The driver's own words stay behind: they
 * quote rows and settings.
 */
export function toFailure(error: unknown, database: string): unknown {
  // By its shape and not by its class: what the system reports has classes of its own in every thread and test.
  if (typeof error !== 'object' || error === null || error instanceof InfrastructureFailure) return error;
  const said = error as Said;
  const state = said.severity === undefined || !sqlState.test(said.code ?? '') ? undefined : said.code!;
  const [code, reason] = (state === undefined ? ofConnection(said) : ofServer(state, said)) ?? [];
  return code === undefined ? error : new InfrastructureFailure(code, `${database}: ${reason}`);
}

/** What an error of the driver may have: of the server a severity; of the system, which may have tried several addresses, only a code. */
interface Said {
  readonly message: string;
  readonly code?: string;
  readonly severity?: string;
}

type Translated = readonly [code: FailureCode, reason: string];

function ofServer(state: string, { message }: Said): Translated {
  const known = codes
    .filter(([prefix]) => state.startsWith(prefix))
    .sort(byLength)
    .at(-1);
  const [, code, advice] = known ?? [state, ...refusedFor(state, message)];
  return [code, `${state}: ${advice}`];
}

function ofConnection({ message, code }: Said): Translated | undefined {
  if (message === 'Query read timeout') return ['timeout', 'no answer in time'];
  if (!fromSystem.test(code ?? '') && !fromDriver.test(message)) return undefined;
  return ['unavailable', `${code === undefined ? '' : `${code}: `}the connection was lost or could not be made`];
}

const byLength = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number =>
  a.length - b.length;
