/** Sign in by name and password, or with a token that was given out. */
import { useState } from 'react';
import { messageOf } from '../api/client.ts';
import { signIn } from '../state/session.ts';
import { Button } from '../ui/button.tsx';

type Way = 'password' | 'token';

export function SignIn({ hasEnded }: { readonly hasEnded: boolean }) {
  const [way, setWay] = useState<Way>('password');
  const [username, setUsername] = useState('');
  const [secret, setSecret] = useState('');
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);

  const submit = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await signIn(way === 'token' ? { token: secret } : { username, password: secret });
    } catch (thrown) {
      setError(messageOf(thrown));
      setSecret('');
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="alone">
      <form
        className="panel sign-in"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h1>Sign in to Sluice</h1>
        {hasEnded && (
          <p className="note" role="status">
            Your session has ended. Sign in again, and go on where you were.
          </p>
        )}
        <fieldset className="switch">
          <legend className="hidden">How</legend>
          {(['password', 'token'] as const).map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="way"
                checked={way === each}
                onChange={() => {
                  setWay(each);
                  setSecret('');
                }}
              />
              <span>{each === 'password' ? 'Password' : 'Token'}</span>
            </label>
          ))}
        </fieldset>
        {way === 'password' && (
          <label className="field">
            <span>Name</span>
            <input
              name="username"
              autoComplete="username"
              required
              value={username}
              onChange={(event) => setUsername(event.target.value)}
            />
          </label>
        )}
        <label className="field">
          <span>{way === 'password' ? 'Password' : 'Token'}</span>
          <input
            name="secret"
            type="password"
            autoComplete={way === 'password' ? 'current-password' : 'off'}
            required
            value={secret}
            onChange={(event) => setSecret(event.target.value)}
          />
        </label>
        {error !== undefined && (
          <p className="error" role="alert">
            {error}
          </p>
        )}
        <Button
          type="submit"
          kind="primary"
          onPress={() => undefined}
          refused={isBusy ? 'Signing in …' : undefined}
        >
          Sign in
        </Button>
        <p className="note">
          {way === 'password' ? (
            <>
              Accounts are made with <code>sluice auth password</code>.
            </>
          ) : (
            'A static token, or a bearer token (JWT) of your identity provider.'
          )}
        </p>
      </form>
    </main>
  );
}
