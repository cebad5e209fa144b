import { Controller, type DynamicModule, Get, Inject, Module } from '@nestjs/common';
import { asyncApiDocument, openApiDocument } from '@numlife/contracts/documents';
import { Open } from './access.js';

const served = Symbol('served');

@Open()
@Controller()
export class DocumentsController {
  readonly #openApi: object;
  readonly #asyncApi = asyncApiDocument();

  constructor(@Inject(served) prefixes: readonly string[]) {
    this.#openApi = openApiDocument(prefixes);
  }

  @Get('openapi.json')
  openApi(): object {
    return this.#openApi;
  }

  @Get('asyncapi.json')
  asyncApi(): object {
    return this.#asyncApi;
  }
}

/** The documents of a process: the calls under its prefixes (`/hub`), and the topics and their messages. */
@Module({})
export class DocumentsModule {
  static with(...prefixes: readonly string[]): DynamicModule {
    return {
      module: DocumentsModule,
      controllers: [DocumentsController],
      providers: [{ provide: served, useValue: prefixes }],
    };
  }
}
