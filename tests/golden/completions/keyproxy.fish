# keyproxy completions for fish:  keyproxy completions fish | source
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
