/** How the schemas of the contract are read: closed and by their shape for requests, open for replies. */
import t from 'tap';
import { Type } from 'typebox';
import { components } from '../../src/contract/components.ts';
import { mapOf, openSchema, secret, shapeOf, strict, ttl, whole } from '../../src/contract/shapes.ts';

const schema = Type.Object(
  {
    // Properties may be called as keywords are.
    properties: ttl('A TTL.'),
    items: Type.Array(whole('With a code of the API.', { minimum: 1, maximum: 9 })),
    additionalProperties: mapOf(Type.Object({ secret: secret('One.') }, strict)),
  },
  { ...strict, $id: 'Example' },
);

t.test('requests are held against the shape; what the model refuses by a code of its own is left to it', async (t) => {
  t.same(shapeOf(schema), {
    type: 'object',
    required: ['properties', 'items', 'additionalProperties'],
    properties: {
      properties: { type: 'number' },
      items: {
        type: 'array',
        items: { type: 'integer', minimum: 1, maximum: 9, description: 'With a code of the API.' },
      },
      additionalProperties: {
        type: 'object',
        additionalProperties: {
          type: 'object',
          required: ['secret'],
          properties: {
            secret: {
              description: 'One.',
              anyOf: [
                { type: 'string' },
                {
                  type: 'object',
                  required: ['set'],
                  properties: { set: { const: true } },
                  additionalProperties: false,
                },
              ],
            },
          },
          additionalProperties: false,
        },
      },
    },
    additionalProperties: false,
  });
  t.same(shapeOf(whole('Without a bound of its own.')), {
    type: 'integer',
    minimum: 0,
    description: 'Without a bound of its own.',
  });
});

t.test('replies are open, and name no code', async (t) => {
  const open = JSON.stringify(openSchema(schema));
  t.notMatch(open, '"additionalProperties":false');
  t.notMatch(open, 'x-code');
  t.match(open, '"maximum":2147483647');
  t.match(open, '"additionalProperties":{"type":"object"');
});

t.test('components name each other, and each once', async (t) => {
  const all = components([]);
  const names = all.map(({ $id }) => String($id));
  t.equal(new Set(names).size, names.length);
  const references = [...JSON.stringify(all).matchAll(/"\$ref":"(\w+)#"/g)].map(([, name]) => name);
  t.same([...new Set(references)].sort(), [
    'Answering',
    'Freeze',
    'Glance',
    'RRset',
    'Service',
    'ServiceBody',
    'Token',
    'Webhook',
    'Zone',
  ]);
  t.equal([...JSON.stringify(all).matchAll(/"\$id"/g)].length, names.length, 'no name stands within another');
});
