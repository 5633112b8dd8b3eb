/** Schemas to begin with, and the field that makes a good key. */
export const quickstarts = {
  orders: {
    key: 'id',
    schema: {
      type: 'struct',
      name: 'order',
      fields: {
        id: { type: 'sequence' },
        customer: { type: 'name' },
        email: { type: 'email', nulls: 0.1 },
        city: { type: 'city' },
        state: { type: 'string', options: ['new', 'paid', 'sent', 'returned'] },
        amount: { type: 'decimal', scale: 2, min: 1, max: 500 },
        items: {
          type: 'array',
          'length.min': 1,
          'length.max': 4,
          items: {
            type: 'struct',
            name: 'item',
            fields: {
              product: { type: 'string', words: 2 },
              count: { type: 'int32', min: 1, max: 5 },
            },
          },
        },
        at: { type: 'timestamp' },
      },
    },
  },
  users: {
    key: 'id',
    schema: {
      type: 'struct',
      name: 'user',
      fields: {
        id: { type: 'uuid' },
        name: { type: 'name' },
        email: { type: 'email' },
        country: { type: 'country' },
        active: { type: 'boolean', share: 0.8 },
        registered: { type: 'timestamp', 'step.ms': 60_000 },
      },
    },
  },
  pageviews: {
    key: 'user',
    schema: {
      type: 'struct',
      name: 'pageview',
      fields: {
        at: { type: 'timestamp', 'step.ms': 100 },
        user: { type: 'int32', min: 1, max: 1_000 },
        page: { type: 'string', options: ['/', '/cart', '/help', '/news', '/search', '/shop'] },
        ip: { type: 'ip' },
        ms: { type: 'int32', min: 5, max: 2_000 },
      },
    },
  },
} as const;
