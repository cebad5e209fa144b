import { Controller, Get } from '@nestjs/common';
import { asyncApiDocument, openApiDocument } from '@numlife/contracts/documents';
import { Open } from '@numlife/runtime';

@Open()
@Controller()
export class DocumentsController {
  readonly #openApi = openApiDocument();
  readonly #asyncApi = asyncApiDocument();

  @Get('openapi.json')
  openApi(): object {
    return this.#openApi;
  }

  @Get('asyncapi.json')
  asyncApi(): object {
    return this.#asyncApi;
  }
}
