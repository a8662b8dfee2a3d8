<#
.SYNOPSIS
Installs keyproxy from a release: downloads keyproxy-windows-x64.exe, checks its SHA-256 sum, runs it once, and only
then puts it in place. Whatever goes wrong before leaves everything as it was.

.DESCRIPTION
Environment:
  KEYPROXY_VERSION        version to install, such as 0.1.0 (default: latest)
  KEYPROXY_INSTALL_DIR    folder to put it in (default: %LOCALAPPDATA%\Programs\keyproxy)
  KEYPROXY_DOWNLOAD_BASE  address of the releases, for a mirror
#>

# A block, so that a script that was cut while downloading does nothing, and nothing of it stays in the session.
& {
    Set-StrictMode -Version 3.0
    $ErrorActionPreference = 'Stop'
    # The progress bar of Windows PowerShell makes downloads many times slower.
    $ProgressPreference = 'SilentlyContinue'

    # The release writes its own address here.
    $releaseBase = '@DOWNLOAD_BASE@'

    function Stop-Install([string] $Reason) {
        throw "keyproxy is not installed: $Reason"
    }

    function Get-File([string] $Url, [string] $Path) {
        try {
            Invoke-WebRequest -Uri $Url -OutFile $Path -UseBasicParsing
        } catch {
            Stop-Install "cannot download $Url ($($_.Exception.Message))"
        }
    }

    if ([Environment]::OSVersion.Platform -ne [PlatformID]::Win32NT) { Stop-Install 'this script is for Windows; use install.sh' }
    if (-not [Environment]::Is64BitOperatingSystem) { Stop-Install 'there is no executable for 32-bit Windows' }
    # Windows PowerShell 5.1 may still start with older protocols only.
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

    $base = if ($env:KEYPROXY_DOWNLOAD_BASE) { $env:KEYPROXY_DOWNLOAD_BASE } else { $releaseBase }
    if ($base.StartsWith('@')) {
        Stop-Install 'this copy does not belong to a release: set KEYPROXY_DOWNLOAD_BASE to the address of the releases'
    }
    $base = $base.TrimEnd('/')
    $version = if ($env:KEYPROXY_VERSION) { $env:KEYPROXY_VERSION -replace '^v', '' } else { 'latest' }
    if ($version -notmatch '^[0-9A-Za-z.+-]+$') { Stop-Install "KEYPROXY_VERSION=`"$version`" is not a version such as 0.1.0" }
    $from = if ($version -eq 'latest') { "$base/latest/download" } else { "$base/download/v$version" }
    $folder = if ($env:KEYPROXY_INSTALL_DIR) { $env:KEYPROXY_INSTALL_DIR } else { Join-Path $env:LOCALAPPDATA 'Programs\keyproxy' }

    # Windows on ARM runs it too.
    $name = 'keyproxy-windows-x64.exe'
    $work = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
    $partial = $null
    try {
        New-Item -ItemType Directory -Path $work | Out-Null
        Write-Host "Downloading $name ($version)"
        $sums = Join-Path $work 'SHA256SUMS'
        Get-File "$from/SHA256SUMS" $sums
        $line = Get-Content -LiteralPath $sums | Where-Object { ($_ -split '\s+\*?', 2)[-1] -eq $name } | Select-Object -First 1
        if (-not $line) { Stop-Install "$from/SHA256SUMS has no line for $name" }
        $wanted = ($line -split '\s+')[0]
        $download = Join-Path $work $name
        Get-File "$from/$name" $download
        $got = (Get-FileHash -LiteralPath $download -Algorithm SHA256).Hash
        # -ne ignores case: one side writes capitals.
        if ($got -ne $wanted) { Stop-Install "the download of $name is damaged or not genuine: its SHA-256 is $got, not $wanted" }

        New-Item -ItemType Directory -Path $folder -Force | Out-Null
        $target = Join-Path $folder 'keyproxy.exe'
        # In the same folder as its final name, so that the last step is one rename.
        $partial = Join-Path $folder 'keyproxy-partial.exe'
        Copy-Item -LiteralPath $download -Destination $partial -Force
        $said = & $partial --version
        if ($LASTEXITCODE -ne 0) { Stop-Install "the executable does not run on this machine ($said)" }
        try {
            Move-Item -LiteralPath $partial -Destination $target -Force
        } catch {
            Stop-Install "cannot replace $target; is keyproxy running? ($($_.Exception.Message))"
        }
        $partial = $null
        Write-Host "$said is installed: $target"
    } finally {
        if ($partial -and (Test-Path -LiteralPath $partial)) { Remove-Item -LiteralPath $partial -Force }
        if (Test-Path -LiteralPath $work) { Remove-Item -LiteralPath $work -Recurse -Force }
    }

    $onPath = ($env:Path -split ';') | Where-Object { $_.TrimEnd('\') -eq $folder.TrimEnd('\') }
    if (-not $onPath) {
        Write-Host ''
        Write-Host "$folder is not on your Path. Add it, then open a new terminal:"
        Write-Host ''
        Write-Host "  [Environment]::SetEnvironmentVariable('Path', [Environment]::GetEnvironmentVariable('Path', 'User') + ';$folder', 'User')"
    }
}
