# keyproxy completions for bash:  source <(keyproxy completions bash)
_keyproxy() {
  local line=${COMP_LINE:0:COMP_POINT} program=$1 words current answer prefix breaks
  read -r -a words <<< "$line"
  case $line in *[[:space:]]) words+=("") ;; esac
  current=${words[${#words[@]}-1]}
  type "$program" > /dev/null 2>&1 || program=keyproxy
  # bash replaces only what stands after the last = or : of a word.
  breaks=${COMP_WORDBREAKS//[^=:]/}
  [[ -n $breaks ]] && prefix=${current%"${current##*[$breaks]}"}
  COMPREPLY=()
  while IFS=$'\t' read -r answer _; do
    case $answer in
      :files | :folders)
        [[ $answer == :files ]] && answer=-f || answer=-d
        compopt -o filenames 2> /dev/null
        [[ $current == -*=* ]] && current=${current#*=}
        while IFS= read -r answer; do COMPREPLY+=("$answer"); done < <(compgen "$answer" -- "$current")
        ;;
      *) COMPREPLY+=("${answer#"$prefix"}") ;;
    esac
  done < <("$program" __complete bash "$((${#words[@]} - 2))" "${words[@]:1}" 2> /dev/null)
}
complete -F _keyproxy keyproxy
