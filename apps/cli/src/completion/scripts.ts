/** What a shell runs at its start, so that it asks `sluice complete` for what may come next. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** Files where nothing else fits: `-f`, modules. */
export const completionScripts: Readonly<Record<Shell, string>> = {
  // Names come from whoever made connectors: bash puts into the line, and runs, what it is given as it is.
  bash: `_sluice() {
  local found
  COMPREPLY=()
  while IFS= read -r found; do
    case "\${COMP_WORDS[COMP_CWORD]}" in
      [\\'\\"]*) [[ $found == *[\\'\\"\\\\\\$\\\`]* ]] && continue ;;
      *) printf -v found %q "$found" ;;
    esac
    COMPREPLY+=("$found")
  done < <(sluice complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
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
