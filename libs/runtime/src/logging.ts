import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import type { Configuration } from './configuration.js';

export type { Logger } from 'pino';

/** Structured logs on standard error, so that standard output stays free for what a person or a program reads. */
export function createLogger(configuration: Pick<Configuration, 'LOG_LEVEL'>, name: string): Logger {
  return pino({ name, level: configuration.LOG_LEVEL, base: { name } }, pino.destination({ dest: 2, sync: false }));
}

/** Nest's own messages through the same logger; its start-up chatter only at `debug`. */
export function nestLogger(logger: Logger): LoggerService {
  const line = (level: 'debug' | 'warn' | 'error' | 'fatal') => (message: unknown) => {
    logger[level](String(message));
  };
  return {
    log: line('debug'),
    debug: line('debug'),
    verbose: line('debug'),
    warn: line('warn'),
    error: line('error'),
    fatal: line('fatal'),
  };
}
