export { ConnectorProcess, type ConnectorProcessOptions } from './connector-process.js';
export { ConnectorModule } from './connector.module.js';
export { Connectors, type ConnectorsOptions } from './connectors.js';
export { HubClient, type HubClientOptions } from './hub-client.js';
export { WebhookActions, type WebhookOptions } from './webhook-actions.js';
