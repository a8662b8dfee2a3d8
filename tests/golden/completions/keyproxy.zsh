#compdef keyproxy
# keyproxy completions for zsh:  source <(keyproxy completions zsh)
_keyproxy() {
  local -a answers values
  local answer program=$words[1]
  (( $+commands[$program] )) || [[ -x $program ]] || program=keyproxy
  answers=("${(@f)$("$program" __complete zsh $((CURRENT - 2)) "${(@Q)words[2,CURRENT]}" 2> /dev/null)}")
  case $answers[1] in
    :files) compset -P '*='; _files; return ;;
    :folders) compset -P '*='; _files -/; return ;;
  esac
  for answer in $answers; do
    [[ -n $answer ]] || continue
    # _describe wants value:description.
    [[ $answer == *$'\t'* ]] && values+=("${${answer%%$'\t'*}//:/\\:}:${answer#*$'\t'}") || values+=("${answer//:/\\:}")
  done
  _describe -V 'keyproxy' values
}
if [[ $funcstack[1] == _keyproxy ]]; then
  _keyproxy "$@"
elif (( $+functions[compdef] )); then
  compdef _keyproxy keyproxy
else
  autoload -Uz compinit && compinit && compdef _keyproxy keyproxy
fi
