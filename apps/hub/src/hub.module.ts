import { type DynamicModule, Module } from '@nestjs/common';
import { CarrierQueriesController } from './api/carrier-queries.controller.js';
import { FindingsController } from './api/findings.controller.js';
import { IssuerController } from './api/issuer.controller.js';
import { OperatorController } from './api/operator.controller.js';
import { RecycledController } from './api/recycled.controller.js';
import { TimelineController } from './api/timeline.controller.js';
import * as tokens from './api/tokens.js';
import { ReferenceData } from './follow/reference-data.js';
import { Hub, type HubParts } from './hub.js';
import { DevelopmentIssuer } from './issuer/development-issuer.js';
import { Operations } from './operations.js';

export interface HubApi {
  readonly parts: HubParts;
  readonly hub: Hub;
  readonly operations: Operations;
  readonly issuer: DevelopmentIssuer;
}

/** The hub's HTTP API, but for `recycledCall`. */
@Module({})
export class HubModule {
  static with({ parts, hub, operations, issuer }: HubApi): DynamicModule {
    return {
      module: HubModule,
      controllers: [
        RecycledController,
        TimelineController,
        FindingsController,
        OperatorController,
        IssuerController,
        CarrierQueriesController,
      ],
      providers: [
        { provide: tokens.store, useValue: parts.store },
        { provide: tokens.transport, useValue: parts.transport },
        { provide: tokens.views, useValue: parts.views },
        { provide: tokens.privacy, useValue: parts.privacy },
        { provide: tokens.clock, useValue: parts.clock },
        { provide: ReferenceData, useValue: parts.reference },
        { provide: Hub, useValue: hub },
        { provide: Operations, useValue: operations },
        { provide: DevelopmentIssuer, useValue: issuer },
      ],
    };
  }
}
