import type { Readable } from 'node:stream';
import { type NewAccount, instantOf, isAccountName, numberOf } from './account.js';
import { textLines } from './text-lines.js';

const header = 'account,number,verifiedAt';
const atOnce = 1_000;
const rejectedShown = 100;

/** `rejected` counts all lines that are none of an account; `lines` names the first hundred, the header being 1. */
export interface Loaded {
  readonly read: number;
  readonly added: number;
  readonly rejected: number;
  readonly lines: readonly number[];
}

export class NotAccounts extends Error {
  override readonly name = 'NotAccounts';
}

const cellsOf = (line: string): readonly string[] => line.split(',').map((cell) => cell.replace(/^"(.*)"$/, '$1'));

const accountOf = (line: string): NewAccount | undefined => {
  const [account, numberText, verifiedText, ...more] = cellsOf(line);
  const number = numberOf(numberText);
  const verifiedAt = instantOf(verifiedText ?? '');
  const isAccount = isAccountName(account) && number !== undefined && verifiedAt !== undefined && more.length === 0;
  return isAccount ? { account, number, verifiedAt } : undefined;
};

/** Reads `account,number,verifiedAt` (no cell has a comma in it) as it comes and hands it on in portions. */
export const loadAccounts = async (
  csv: Readable,
  load: (accounts: readonly NewAccount[]) => Promise<{ readonly added: number }>,
): Promise<Loaded> => {
  let [lineNumber, read, added, rejected] = [0, 0, 0, 0];
  const lines: number[] = [];
  let portion: NewAccount[] = [];
  for await (const line of textLines(csv)) {
    lineNumber += 1;
    if (lineNumber === 1) {
      if (cellsOf(line.replace('\u{FEFF}', '')).join(',') !== header)
        throw new NotAccounts(`the header has to be ${header}`);
      continue;
    }
    const account = accountOf(line);
    read += 1;
    if (account) portion.push(account);
    else if ((rejected += 1) <= rejectedShown) lines.push(lineNumber);
    if (portion.length === atOnce) {
      added += (await load(portion)).added;
      portion = [];
    }
  }
  if (lineNumber === 0) throw new NotAccounts(`the file is empty; its header has to be ${header}`);
  if (portion.length > 0) added += (await load(portion)).added;
  return { read, added, rejected, lines };
};
