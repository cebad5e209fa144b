export type SampleRefusal = 'ARGUMENT' | 'FOLDER_IN_USE' | 'TOO_FEW_SEGMENTS';

/** What was asked for cannot be made; the message says what to change. */
export class SampleRefused extends Error {
  override readonly name = 'SampleRefused';

  constructor(
    readonly code: SampleRefusal,
    message: string,
  ) {
    super(message);
  }
}
