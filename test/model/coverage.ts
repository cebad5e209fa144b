/** How often each branch of the rules was come to. */
export class Coverage {
  readonly #counts = new Map<string, number>();

  readonly reached = (branch: string): void => {
    this.#counts.set(branch, (this.#counts.get(branch) ?? 0) + 1);
  };

  missing(branches: readonly string[]): string[] {
    return branches.filter((branch) => !this.#counts.has(branch));
  }

  toString(): string {
    return [...this.#counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([branch, count]) => `${String(count).padStart(9)}  ${branch}`)
      .join('\n');
  }
}

const statuses = ['unknown', 'held', 'suspended', 'quarantined', 'released'];
const inUse = ['held', 'suspended'];
const cell = (kinds: readonly string[], of: readonly string[], ...branches: readonly string[]): string[] =>
  kinds.flatMap((kind) => of.flatMap((status) => branches.map((branch) => `${kind} / ${status}: ${branch}`)));

const openings = ['opened', 'holding'];
const kinds = [...openings, 'transferred', 'suspended', 'resumed', 'cancelled', 'reclaimed', 'released', 'ported'];
const quarantineExits = ['H unknown', 'h≠H'].flatMap((holder) => [`${holder}, early`, `${holder}, after`]);

/** Every cell of the table and every branch within it; who is entitled to say it, and why; every answer there is. */
export const everyBranch: readonly string[] = [
  ...cell(kinds, statuses, 'not entitled'),
  ...cell(openings, ['unknown'], 'no generation'),
  ...cell(openings, inUse, 'h=H', 'h≠H', 'H unknown'),
  ...cell(openings, ['quarantined'], 'h=H', ...quarantineExits),
  ...cell(openings, ['released'], 'h=H', 'h≠H', 'H unknown', 'no generation'),
  ...cell(['transferred'], ['unknown'], 'f absent', 'f=h', 'f≠h'),
  ...cell(['transferred'], inUse, 'h=H', 'h=H, f≠H', 'f absent', 'f=H', 'f≠H'),
  ...cell(['transferred'], inUse, 'f absent, H unknown', 'f given, H unknown'),
  ...cell(['suspended', 'resumed', 'reclaimed', 'ported'], ['unknown'], 'generation 1'),
  ...cell(['suspended'], ['held'], 'changes'),
  ...cell(['suspended'], ['suspended'], 'nothing'),
  ...cell(['resumed'], ['suspended'], 'changes'),
  ...cell(['resumed'], ['held'], 'nothing'),
  ...cell(['cancelled'], ['unknown', ...inUse], 'generation ends'),
  ...cell(['reclaimed'], inUse, 'nothing'),
  ...cell(['reclaimed'], ['quarantined'], 'goes on'),
  ...cell(['released'], ['unknown'], 'no generation'),
  ...cell(['released'], inUse, 'nothing'),
  ...cell(['released'], ['quarantined'], 'early', 'after'),
  ...cell(['ported'], inUse, 'served by c', 'c serves, its port', 'c serves, other port'),
  ...cell(['transferred', 'suspended', 'resumed', 'cancelled', 'ported'], ['quarantined', 'released'], 'nothing'),
  ...cell(['reclaimed', 'released'], ['released'], 'nothing'),
  ...['range holder', 'recorded first'].map((why) => `entitled, unknown: ${why}`),
  ...['serving carrier', 'recipient', 'donor of the last port', 'names a port of unknown donor'].map(
    (why) => `entitled, held: ${why}`,
  ),
  ...['serving carrier', 'range holder', 'recipient'].map((why) => `entitled, quarantined: ${why}`),
  ...['range holder', 'recipient'].map((why) => `entitled, released: ${why}`),
  ...['donor', 'recipient'].flatMap((by) => [`port by ${by} confirmed`, `port by ${by} unconfirmed`]),
  ...['recorded', 'recorded-with-anomaly', 'duplicate'].map((outcome) => `receipt: ${outcome}`),
  ...['EFFECTIVE_IN_FUTURE', 'REPORT_ID_REUSED', 'UNKNOWN_REPORT'].map((code) => `receipt: ${code}`),
  ...['held', 'holder-changed', 'quarantined', 'reclaimed', 'clearance-due'].map((change) => `told: ${change}`),
  ...['released', 'ported', 'revised', 'doubted', 'settled', 'nothing'].map((change) => `told: ${change}`),
  ...['SAME_HOLDER', 'NOT_HELD_SINCE'].map((reason) => `recycled: no ${reason}`),
  ...['HOLDER_CHANGED', 'QUARANTINED', 'RELEASED'].map((reason) => `recycled: yes ${reason}`),
  ...['UNKNOWN_NUMBER', 'OUT_OF_RANGE', 'IN_CONFLICT', 'STALE'].map((reason) => `recycled: cannot-tell ${reason}`),
];
