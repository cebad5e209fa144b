import { Body, Controller, Get, Header, HttpCode, Inject, Post } from '@nestjs/common';
import { Open } from '@numlife/runtime';
import { DevelopmentIssuer, type TokenAnswer, type TokenRequest } from '../issuer/development-issuer.js';

@Open()
@Controller('auth/v1')
export class IssuerController {
  constructor(@Inject(DevelopmentIssuer) private readonly issuer: DevelopmentIssuer) {}

  @Post('token')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  token(@Body() body: TokenRequest | null): Promise<TokenAnswer> {
    return this.issuer.token(body ?? {});
  }

  @Get('jwks')
  jwks(): object {
    return this.issuer.jwks();
  }
}
