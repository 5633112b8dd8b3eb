/** Toasts, and the dialog that asks before something is destroyed. */
import { useEffect, useRef, useState } from 'react';
import { dismiss, type Notice, useNotices } from '../state/notices.ts';
import { Button } from './button.tsx';

/** Read before it goes; what failed or waits stays until it is closed. */
const doneMs = 6_000;

export function Notices() {
  const { notices } = useNotices();
  return (
    <div className="notices" role="status" aria-live="polite">
      {notices.map((notice) => (
        <Toast key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function Toast({ notice: { id, kind, title, detail } }: { readonly notice: Notice }) {
  useEffect(() => {
    if (kind !== 'done') return undefined;
    const timer = window.setTimeout(() => dismiss(id), doneMs);
    return () => window.clearTimeout(timer);
  }, [id, kind]);
  return (
    <div className={`toast ${kind}`}>
      <div>
        <p className="toast-title">{title}</p>
        {detail !== undefined && <p className="toast-detail">{detail}</p>}
      </div>
      {kind !== 'working' && (
        <Button kind="quiet" label="Close" onPress={() => dismiss(id)}>
          ×
        </Button>
      )}
    </div>
  );
}

export function QuestionDialog() {
  const { question } = useNotices();
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState('');
  useEffect(() => {
    setTyped('');
    if (question) dialog.current?.showModal();
    else dialog.current?.close();
  }, [question]);
  const isReady = question?.typed === undefined || typed === question.typed;
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby="question-title"
      onCancel={() => question?.answer(false)}
    >
      {question && (
        <form
          method="dialog"
          onSubmit={(event) => {
            event.preventDefault();
            if (isReady) question.answer(true);
          }}
        >
          <h2 id="question-title">{question.title}</h2>
          <div className="dialog-body">{question.body}</div>
          {question.typed !== undefined && (
            <label className="field">
              <span>
                Type <code>{question.typed}</code> to go on
              </span>
              <input
                value={typed}
                autoComplete="off"
                onChange={(event) => setTyped(event.target.value)}
              />
            </label>
          )}
          <div className="dialog-actions">
            <Button onPress={() => question.answer(false)}>Cancel</Button>
            <Button
              type="submit"
              kind={question.isDestructive === true ? 'danger' : 'primary'}
              onPress={() => undefined}
              refused={isReady ? undefined : `Type ${question.typed ?? ''} first`}
            >
              {question.verb}
            </Button>
          </div>
        </form>
      )}
    </dialog>
  );
}
