export { CarrierModule, type CarrierGateway } from './carrier.module.js';
export type { HubForCarrier, ReceiptQuery } from './hub-for-carrier.js';
export { Uploads } from './intake/uploads.js';
