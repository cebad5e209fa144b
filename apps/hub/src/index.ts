export { hubQueries } from './api/hub-queries.js';
export { RecycledAnswers } from './api/recycled-answers.js';
export { openReferenceData, type ReferenceData } from './follow/reference-data.js';
export type { Publishing } from './follow/publishing.js';
export { Hub, type HubParts } from './hub.js';
export { HubModule } from './hub.module.js';
export { type Client, type ClientRegistry, clientRegistry } from './issuer/clients.js';
export { DevelopmentIssuer, newSigningKey } from './issuer/development-issuer.js';
export { Operations } from './operations.js';
