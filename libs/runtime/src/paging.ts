import { ProblemException } from './problems.js';

export const pageSizeDefault = 100;
export const pageSizeMax = 1_000;

/** `limit` of a query: 1 to 1,000, 100 without. */
export function pageSize(limit: string | undefined): number {
  if (limit === undefined || limit === '') return pageSizeDefault;
  const size = /^\d{1,6}$/.test(limit) ? Number(limit) : 0;
  if (size >= 1 && size <= pageSizeMax) return size;
  throw new ProblemException(400, 'BAD_QUERY', {
    errors: [{ field: 'limit', detail: `takes a whole number from 1 to ${pageSizeMax}` }],
  });
}
