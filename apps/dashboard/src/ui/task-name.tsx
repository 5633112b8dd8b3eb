/** `orders/3`: where there is no room, what is left out is of the connector, and never the number. */
export function TaskName({ name }: { readonly name: string }) {
  const at = name.lastIndexOf('/');
  if (at < 0) return <span className="task-name cut">{name}</span>;
  return (
    <span className="task-name">
      <span>{name.slice(0, at)}</span>
      {name.slice(at)}
    </span>
  );
}
