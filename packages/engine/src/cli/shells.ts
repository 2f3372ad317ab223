/** The scripts that `tidemark completion SHELL` prints: each asks `tidemark __complete` and shows what it answers. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

const BASH = `# tidemark completion for bash. In ~/.bashrc:  source <(tidemark completion bash)
_tidemark() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]/#\\~/$HOME}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _tidemark tidemark
`

const ZSH = `#compdef tidemark
# tidemark completion for zsh. In ~/.zshrc, after compinit:  source <(tidemark completion zsh)
_tidemark() {
  local -a found
  local line word about
  while IFS= read -r line; do
    word="\${line%%$'\\t'*}"
    about="\${line#*$'\\t'}"
    found+=("\${word//:/\\\\:}:\${about}")
  done < <("\${(Q)words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then
    _describe 'tidemark' found
  else
    _files
  fi
}
compdef _tidemark tidemark
`

const FISH = `# tidemark completion for fish. In ~/.config/fish/config.fish:  tidemark completion fish | source
function __tidemark_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete -c tidemark -f -a '(__tidemark_complete)'
`

export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH }
