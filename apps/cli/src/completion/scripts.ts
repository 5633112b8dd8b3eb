/** What a shell runs at its start, so that it asks `sluice complete` for what may come next. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** Files where nothing else fits: `-f`, modules. */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `_sluice() {
  local IFS=$'\\n'
  COMPREPLY=($(sluice complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _sluice sluice`,
  zsh: `#compdef sluice
_sluice() {
  local -a found
  found=("\${(@f)$(sluice complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -a found; else _files; fi
}
compdef _sluice sluice`,
  fish: `function __sluice_complete
  set -l words (commandline -opc)[2..-1] (commandline -ct)
  sluice complete -- $words 2>/dev/null
end
complete -c sluice -a '(__sluice_complete)'`,
};
