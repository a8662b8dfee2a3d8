/**
 * The scripts of `completions`, one a shell. Each asks `keyproxy __complete <shell> <position> <words>` and evaluates
 * nothing that was typed or answered. The answer is lines `value<TAB>description`, or `:files` or `:folders`.
 */

export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof SHELLS)[number];

/** Works from bash 3.2 on, with or without the package bash-completion. */
const BASH = String.raw`# keyproxy completions for bash:  source <(keyproxy completions bash)
_keyproxy() {
  local line=${"$"}{COMP_LINE:0:COMP_POINT} program=${"$"}1 words current answer prefix breaks
  read -r -a words <<< "$line"
  case $line in *[[:space:]]) words+=("") ;; esac
  current=${"$"}{words[${"$"}{#words[@]}-1]}
  type "$program" > /dev/null 2>&1 || program=keyproxy
  # bash replaces only what stands after the last = or : of a word.
  breaks=${"$"}{COMP_WORDBREAKS//[^=:]/}
  [[ -n $breaks ]] && prefix=${"$"}{current%"${"$"}{current##*[$breaks]}"}
  COMPREPLY=()
  while IFS=$'\t' read -r answer _; do
    case $answer in
      :files | :folders)
        [[ $answer == :files ]] && answer=-f || answer=-d
        compopt -o filenames 2> /dev/null
        [[ $current == -*=* ]] && current=${"$"}{current#*=}
        while IFS= read -r answer; do COMPREPLY+=("$answer"); done < <(compgen "$answer" -- "$current")
        ;;
      *) COMPREPLY+=("${"$"}{answer#"$prefix"}") ;;
    esac
  done < <("$program" __complete bash "$((${"$"}{#words[@]} - 2))" "${"$"}{words[@]:1}" 2> /dev/null)
}
complete -F _keyproxy keyproxy
`;

const ZSH = String.raw`#compdef keyproxy
# keyproxy completions for zsh:  source <(keyproxy completions zsh)
_keyproxy() {
  local -a answers values
  local answer program=$words[1]
  (( $+commands[$program] )) || [[ -x $program ]] || program=keyproxy
  answers=("${"$"}{(@f)$("$program" __complete zsh $((CURRENT - 2)) "${"$"}{(@Q)words[2,CURRENT]}" 2> /dev/null)}")
  case $answers[1] in
    :files) compset -P '*='; _files; return ;;
    :folders) compset -P '*='; _files -/; return ;;
  esac
  for answer in $answers; do
    [[ -n $answer ]] || continue
    # _describe wants value:description.
    [[ $answer == *$'\t'* ]] && values+=("${"$"}{${"$"}{answer%%$'\t'*}//:/\\:}:${"$"}{answer#*$'\t'}") || values+=("${"$"}{answer//:/\\:}")
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
`;

const FISH = String.raw`# keyproxy completions for fish:  keyproxy completions fish | source
function __keyproxy_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answers (keyproxy __complete fish (math (count $words) - 1) $words[2..-1] "$current" 2> /dev/null)
    switch "$answers[1]"
        case :files
            __fish_complete_path (string replace -r '^-[^=]*=' '' -- "$current")
        case :folders
            __fish_complete_directories (string replace -r '^-[^=]*=' '' -- "$current")
        case '*'
            set -q answers[1]; and printf '%s\n' $answers
    end
end
complete -c keyproxy -e
complete -c keyproxy -f -a '(__keyproxy_complete)'
`;

/** The position tells that an empty word is asked about: older versions drop empty words on their way to a program. */
const POWERSHELL = String.raw`# keyproxy completions for PowerShell:  keyproxy completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName keyproxy -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { "$_" })
    $program = $words[0]
    if (-not $program) { return }
    $before = @($words | Select-Object -Skip 1)
    $asked = @($before) + @($wordToComplete | Where-Object { $_ -ne '' })
    & $program __complete powershell $before.Count @asked 2> $null | ForEach-Object {
        $value, $description = $_ -split "${"`"}t", 2
        if ($value -in ':files', ':folders') {
            [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete)
        } else {
            if (-not $description) { $description = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
        }
    }
}
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL };
