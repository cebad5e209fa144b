export { CarrierModule, type CarrierGateway } from './carrier.module.js';
export { Gateway, type GatewayOptions } from './gateway.js';
export type { HubForCarrier, ReceiptQuery } from './hub-for-carrier.js';
export { HubOverHttp } from './hub-over-http.js';
export { Uploads } from './intake/uploads.js';
