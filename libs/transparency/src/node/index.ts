export { nodeCryptography, type SigningKey, signingKeyOf } from './cryptography.js';
export { LogFolder, LogFolderProblem, type PublishedFile } from './log-folder.js';
