/** What an import says besides its file, once the server wants to know it. */
import type { Failure } from '../api/reply.ts';
import { type Said, SIGNATURES_WORDS } from '../rules/import.ts';
import { Choice } from './fields.tsx';
import { ForceDs } from './force-ds.tsx';

export function ImportChoices({
  said,
  failure,
  onSaid,
}: {
  said: Said;
  failure: Failure | undefined;
  onSaid: (said: Said) => void;
}) {
  return (
    <>
      {(said.signatures !== '' || failure?.code === 'signatures_unsaid') && (
        <Choice
          label="Keys and signatures of the file"
          value={said.signatures}
          onText={(signatures) => onSaid({ ...said, signatures })}
          values={SIGNATURES_WORDS}
        />
      )}
      <ForceDs failure={failure} isForced={said.isForced} onForced={(isForced) => onSaid({ ...said, isForced })} />
    </>
  );
}
