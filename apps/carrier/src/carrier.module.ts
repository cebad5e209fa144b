import { type DynamicModule, Module } from '@nestjs/common';
import { CarrierController } from './carrier.controller.js';
import { hubForCarrier, type HubForCarrier, servesCarrier, type ServesCarrier } from './hub-for-carrier.js';
import { Intake, type IntakeOptions } from './intake/intake.js';
import { Uploads } from './intake/uploads.js';

export interface CarrierGateway extends IntakeOptions {
  readonly hub: HubForCarrier;
  /** Absent: every carrier's that there is. */
  readonly serves?: ServesCarrier;
}

/** A carrier's gateway: takes its reports onto the transport and reads its receipts from the hub. */
@Module({})
export class CarrierModule {
  static with({ hub, serves = () => true, ...intake }: CarrierGateway): DynamicModule {
    return {
      module: CarrierModule,
      controllers: [CarrierController],
      providers: [
        { provide: Intake, useValue: new Intake(intake) },
        { provide: Uploads, useValue: intake.uploads },
        { provide: hubForCarrier, useValue: hub },
        { provide: servesCarrier, useValue: serves },
      ],
    };
  }
}
