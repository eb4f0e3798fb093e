/** The zones, RRsets and services that an empty store starts with: bodies of the admin API, checked by the engine. */
import type { Static, TSchema } from 'typebox';
import { ServiceBody } from '../contract/services.ts';
import { shapeOf } from '../contract/shapes.ts';
import { Type } from '../contract/type.ts';
import { RRsetBody, ZoneBody } from '../contract/zones.ts';

/** Names with a body each. Type.Record would overlook names with a line break, its pattern being `.*`. */
function byName<Body extends TSchema>(body: Body) {
  const schema = { type: 'object', additionalProperties: body, expected: 'names with a body each' };
  return Type.Unsafe<Record<string, Static<Body>>>(schema);
}

const rrset = Type.Object(
  { zone: Type.String(), name: Type.String(), type: Type.String(), ...RRsetBody.properties },
  { additionalProperties: false },
);

const content = Type.Object(
  {
    zones: Type.Optional(byName(ZoneBody)),
    rrsets: Type.Optional(Type.Array(rrset)),
    services: Type.Optional(byName(ServiceBody)),
  },
  { additionalProperties: false, whole: true, expected: 'zones, rrsets and services' },
);

export const bootstrap = Type.Decode(shapeOf(content), ({ zones = {}, rrsets = [], services = {} }) => ({
  zones,
  rrsets,
  services,
}));
