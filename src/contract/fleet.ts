/** A fleet of nameservers, as it is shown. */
import { Holding } from './drain.ts';
import { name, oneOf, orNull, textOrNull, timeOrNull, whole, wholeOrNull } from './shapes.ts';
import { Type } from './type.ts';

const FleetNode = Type.Object({
  node: Type.String(),
  state: oneOf(['live', 'out'], {
    description: '`live`: changes wait for it. `out`: they do not, and it claims nothing.',
  }),
  revision: wholeOrNull('What it answers from, as it said last; null: it has not said.'),
  version: Type.String({ description: 'Of Teal.' }),
  present: Type.Boolean({ description: 'It showed a sign of life within the last seconds.' }),
  leads: Type.Boolean({ description: 'It steps releases and sends webhooks, for all.' }),
  late: Type.Boolean({
    description: 'For longer than a change takes it may answer by what was before: nothing is drained meanwhile.',
  }),
  leftOut: Type.Array(Type.String(), {
    description: 'Zones for which it has no room, the first 20 of them: it answers them with SERVFAIL.',
  }),
  countsAgeSeconds: wholeOrNull(
    'Since it told this node what it answered. Nodes tell while somebody asks for a drain report, or a release waits for one; null: it has not told, or is this node.',
  ),
  clockOffsetMs: wholeOrNull(
    'By how much its time of day is ahead of the one of the node that is asked, as it told within the last 30 s; negative: behind. It reads low by as long as the quickest of what it told in the last minute was on its way: some milliseconds as a rule. null: it told nothing lately, as an earlier Teal, or is this node.',
    { minimum: -Number.MAX_SAFE_INTEGER },
  ),
  clockFar: Type.Boolean({
    description:
      'Its time of day is more than 2 s from the one of the node that is asked, and was not within 1 s since; which of the two is wrong it does not say.',
  }),
  heardAt: timeOrNull('Its last sign of life; null: none was seen since this node started.'),
  holding: orNull(Holding, 'Why drains wait for it; null: they do not.'),
});

const EtcdMember = Type.Object({
  endpoint: Type.String(),
  reachable: Type.Boolean(),
  leader: Type.Boolean(),
  version: textOrNull('Of etcd; null: it cannot be reached.'),
  databaseBytes: wholeOrNull('Of its database; null: it cannot be reached.'),
  quotaBytes: wholeOrNull(
    'What its database may have: beyond that nothing can be changed. null: it does not tell, has no limit, or cannot be reached.',
  ),
  errors: Type.Array(Type.String(), { description: 'Alarms such as NOSPACE, and why it cannot be reached.' }),
});

export const Fleet = Type.Object(
  {
    name: Type.String(),
    node: Type.String({ description: 'This node.' }),
    standing: oneOf(['alone', 'joining', 'live', 'out', 'ended'], {
      description:
        '`alone`: not of the fleet, which may not be founded. `live`: changes wait for it. `out`: they do not. `ended`: it was removed, or another process has its name.',
    }),
    current: Type.Boolean({
      description: 'It may claim that it answers from the last revision that was acknowledged by any node.',
    }),
    message: Type.String({ description: 'A sentence for people.' }),
    revision: whole('What this node answers from.'),
    head: wholeOrNull("The log's last revision; null: it cannot be read now."),
    claimAgeSeconds: wholeOrNull(
      'Since the read that proved last that this node is current; null: none has, or it is alone.',
    ),
    leaderSince: timeOrNull('Since when the node that leads does; null: since before this node looked, or none does.'),
    nodes: Type.Array(FleetNode, { description: 'In name order; none where they cannot be read now.' }),
    members: Type.Array(EtcdMember, { description: 'Of etcd, in the order of the settings.' }),
  },
  { $id: 'Fleet' },
);

/** In replies to what changed something. */
export const Answering = Type.Object(
  {
    revision: whole('The revision that these answer from, or a later one.'),
    answering: Type.Array(Type.String(), { description: 'Nodes that answer from it.' }),
    behind: Type.Array(
      Type.Object({
        node: Type.String(),
        revision: whole('What it answered from when it was heard of last.'),
        leftOut: Type.Optional(
          Type.Array(Type.String(), {
            description:
              'Zones of the change, 20 at most, for which it has no room: there it answers with SERVFAIL, whatever its revision, and elsewhere from that.',
          }),
        ),
      }),
      { description: 'Nodes that do not, and claim nothing until they do, or leave a zone of the change out.' },
    ),
  },
  { $id: 'Answering' },
);

export const FleetNodeParams = Type.Object({ node: name('Name of a node.') });
