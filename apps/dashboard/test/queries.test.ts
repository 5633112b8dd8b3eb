import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { ApiError } from '../src/api/client.ts';
import { afterFailure } from '../src/api/use-query.ts';
import { AsBefore } from '../src/ui/empty.tsx';

const away = new ApiError(503, 'Redis is away');

test('what came before stays when asking again fails, and is said to be old', () => {
  expect(afterFailure({ path: '/a', data: 1 }, '/a', away)).toEqual({
    path: '/a',
    data: 1,
    error: away,
  });
  expect(renderToStaticMarkup(createElement(AsBefore, { error: away }))).toContain('Redis is away');
  expect(renderToStaticMarkup(createElement(AsBefore, { error: undefined }))).toBe('');
});

test('a failure for another path has nothing of the one before', () => {
  expect(afterFailure({ path: '/a', data: 1 }, '/b', away)).toEqual({ path: '/b', error: away });
});
