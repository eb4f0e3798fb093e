/** Services that are compared with what is there before they are written. */
import type { Static } from 'typebox';
import { Service, ServiceBody } from './services.ts';
import { mapOf, oneOf, strict } from './shapes.ts';
import { Type } from './type.ts';
import { why } from './why.ts';

export const CompareServicesBody = Type.Object(
  {
    services: mapOf(ServiceBody, { description: '1 to 100 services by name, each as for its PUT.' }),
    dryRun: Type.Literal(true, { description: 'Nothing is done: services are written one by one.' }),
    ...why,
  },
  {
    ...strict,
    $id: 'CompareServicesBody',
    examples: [
      {
        services: {
          'app.example.com': {
            ttlSeconds: 5,
            pools: { blue: { targets: ['192.0.2.10'] }, green: { targets: ['192.0.2.20'] } },
          },
        },
        dryRun: true,
      },
    ],
  },
);

export const ServiceComparison = Type.Object(
  {
    dryRun: Type.Literal(true),
    services: Type.Array(
      Type.Object({
        name: Type.String(),
        action: oneOf(['make', 'change', 'none'], { description: 'What a PUT of the body would do.' }),
        before: Type.Unsafe<Static<typeof Service> | null>({
          anyOf: [Service, { type: 'null' }],
          description: 'null: it is not there.',
        }),
        after: Service,
      }),
    ),
  },
  { $id: 'ServiceComparison' },
);
