/** A form for a configuration, from the keys that the plugin defines; what is wrong stands at its field. */
import type { ConfigInfos } from '@sluice/rest-api/shapes';
import { useId, useState } from 'react';
import type { Config } from '../state/config-diff.ts';
import {
  type Field,
  type FieldGroup,
  fieldGroups,
  isReference,
  keysWithoutField,
} from '../state/config-form.ts';
import { Button } from './button.tsx';

export interface ConfigFormProps {
  readonly infos: ConfigInfos;
  readonly config: Config;
  readonly onChange: (config: Config) => void;
  readonly isReadOnly?: boolean;
}

export function ConfigForm({ infos, config, onChange, isReadOnly = false }: ConfigFormProps) {
  const set = (key: string, value: string | undefined): void => {
    const { [key]: _before, ...rest } = config;
    onChange(value === undefined ? rest : { ...rest, [key]: value });
  };
  const others = keysWithoutField(infos, config);
  return (
    <div className="config-form">
      {fieldGroups(infos, config).map((group) => (
        <Group key={group.name} group={group} config={config} onSet={set} isReadOnly={isReadOnly} />
      ))}
      <fieldset className="panel" disabled={isReadOnly}>
        <legend>Other keys</legend>
        {others.map((key) => (
          <label className="field" key={key}>
            <span className="mono">{key}</span>
            <span className="row nowrap">
              <input value={config[key] ?? ''} onChange={(event) => set(key, event.target.value)} />
              <Button kind="quiet" label={`Remove ${key}`} onPress={() => set(key, undefined)}>
                ×
              </Button>
            </span>
          </label>
        ))}
        {!isReadOnly && <NewKey config={config} onAdd={(key) => set(key, '')} />}
      </fieldset>
    </div>
  );
}

function Group({
  group: { name, fields },
  config,
  onSet,
  isReadOnly,
}: {
  readonly group: FieldGroup;
  readonly config: Config;
  readonly onSet: (key: string, value: string | undefined) => void;
  readonly isReadOnly: boolean;
}) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? fields : fields.filter(({ isForemost }) => isForemost);
  const rest = fields.length - shown.length;
  return (
    <fieldset className="panel" disabled={isReadOnly}>
      <legend>{name}</legend>
      {shown.map((field) => (
        <FieldRow
          key={field.name}
          field={field}
          value={config[field.name]}
          onSet={(value) => onSet(field.name, value)}
        />
      ))}
      {(rest > 0 || isWhole) && (
        <button type="button" className="link" onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Only what is important or set' : `${rest} more of less importance`}
        </button>
      )}
    </fieldset>
  );
}

interface FieldProps {
  readonly field: Field;
  readonly value: string | undefined;
  readonly onSet: (value: string | undefined) => void;
}

function FieldRow({ field, value, onSet }: FieldProps) {
  const id = useId();
  const { name, label, isRequired, documentation } = field;
  const [wasTouched, setTouched] = useState(false);
  // What nobody has come to yet is not wrong, but to be done.
  const errors = value === undefined && isRequired && !wasTouched ? [] : field.errors;
  const notes = `${id}-notes`;
  return (
    <div className={errors.length > 0 ? 'field wrong' : 'field'} data-key={name}>
      <label htmlFor={id}>
        {label}
        {isRequired && (
          <span className="tone-bad" aria-hidden="true">
            {' '}
            *
          </span>
        )}
        {label !== name && <code className="dim"> {name}</code>}
      </label>
      <FieldInput
        id={id}
        notes={notes}
        field={{ ...field, errors }}
        value={value}
        onSet={onSet}
        onLeave={() => setTouched(true)}
      />
      <div id={notes}>
        {errors.map((error) => (
          <p className="error" key={error}>
            {error}
          </p>
        ))}
        {field.type === 'PASSWORD' && <SecretHint value={value} />}
        {documentation !== '' && <p className="doc">{documentation}</p>}
      </div>
    </div>
  );
}

function SecretHint({ value }: { readonly value: string | undefined }) {
  if (value !== undefined && isReference(value)) {
    return <p className="doc tone-ok">A reference: only workers resolve it, when they start.</p>;
  }
  return (
    <p className="doc">
      A secret. Better as a reference, as <code>{'${env:DB_PASSWORD}'}</code> or{' '}
      <code>{'${secret:db:password}'}</code>, which is stored in its place.
    </p>
  );
}

function FieldInput({
  id,
  notes,
  field,
  value,
  onSet,
  onLeave,
}: FieldProps & {
  readonly id: string;
  readonly notes: string;
  readonly onLeave: () => void;
}) {
  const { type, choices, defaultValue, errors } = field;
  const shared = {
    id,
    'aria-describedby': notes,
    'aria-invalid': errors.length > 0,
    'aria-required': field.isRequired,
    value: value ?? '',
    onBlur: onLeave,
    onChange: (event: { readonly target: { readonly value: string } }) =>
      onSet(event.target.value === '' ? undefined : event.target.value),
  };
  if (type === 'BOOLEAN') {
    // `TRUE` and `${env:X}` are right as well: what is set shows as it is.
    const isOther = value !== undefined && !['', 'true', 'false'].includes(value);
    return (
      <select {...shared}>
        <option value="">{defaultValue === null ? 'not set' : `default: ${defaultValue}`}</option>
        <option>true</option>
        <option>false</option>
        {isOther && <option>{value}</option>}
      </select>
    );
  }
  const isHidden = type === 'PASSWORD' && !isReference(value ?? '');
  return (
    <>
      <input
        {...shared}
        type={isHidden ? 'password' : 'text'}
        autoComplete="off"
        spellCheck={false}
        inputMode={/^(INT|LONG|SHORT)$/.test(type) ? 'numeric' : undefined}
        placeholder={
          defaultValue === null || defaultValue === ''
            ? type.toLowerCase()
            : `default: ${defaultValue}`
        }
        list={choices.length > 0 ? `${id}-choices` : undefined}
      />
      {choices.length > 0 && (
        <datalist id={`${id}-choices`}>
          {choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
    </>
  );
}

function NewKey({
  config,
  onAdd,
}: {
  readonly config: Config;
  readonly onAdd: (key: string) => void;
}) {
  const [key, setKey] = useState('');
  const name = key.trim();
  const add = (): void => {
    onAdd(name);
    setKey('');
  };
  return (
    <span className="row">
      <input
        aria-label="Name of another key"
        placeholder="transforms"
        value={key}
        onChange={(event) => setKey(event.target.value)}
      />
      <Button
        onPress={add}
        refused={
          name === '' ? 'Type the name of a key' : name in config ? 'It is set already' : undefined
        }
      >
        Add key
      </Button>
    </span>
  );
}
