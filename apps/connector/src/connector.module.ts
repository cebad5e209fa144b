import { type DynamicModule, Module } from '@nestjs/common';
import { ConnectorController } from './connector.controller.js';
import { Connectors } from './connectors.js';

/** The connectors' HTTP API: each app sees its own. */
@Module({})
export class ConnectorModule {
  static with(connectors: Connectors): DynamicModule {
    return {
      module: ConnectorModule,
      controllers: [ConnectorController],
      providers: [{ provide: Connectors, useValue: connectors }],
    };
  }
}
