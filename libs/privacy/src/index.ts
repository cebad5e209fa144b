export { KeyFileProblem } from './key-content.js';
export * from './key-file.js';
export * from './phone-number.js';
export { createPrivacy, MissingKey, type Privacy, type PrivacyKeys } from './privacy.js';
