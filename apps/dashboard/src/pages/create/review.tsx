/** The definition as text: to be checked, kept, or applied elsewhere. */
import { useState } from 'react';
import {
  type Definition,
  definitionText,
  type TextKind,
  textKinds,
} from '../../state/definition-texts.ts';
import { CopyButton } from '../../ui/button.tsx';

export function Review({ definition }: { readonly definition: Definition }) {
  const [kind, setKind] = useState<TextKind>('JSON');
  const text = definitionText(kind, definition, { origin: window.location.origin });
  return (
    <>
      <div className="row above">
        <fieldset className="switch">
          <legend className="hidden">Shown as</legend>
          {textKinds.map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="kind"
                checked={kind === each}
                onChange={() => setKind(each)}
              />
              <span>{each}</span>
            </label>
          ))}
        </fieldset>
        <CopyButton text={text} what={`the ${kind}`} />
      </div>
      <pre className="panel review" tabIndex={0} aria-label={`The definition as ${kind}`}>
        {text}
      </pre>
    </>
  );
}
