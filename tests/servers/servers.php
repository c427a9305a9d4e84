<?php
/* The servers: each is started in the folder of the run, answers requests, and is stopped. */

/** Something that answers a query to the page. */
abstract class Server
{
    /** Sends a request to the page. */
    abstract public function send(array $query): Request;

    /** Runs a step of the page; its answer. */
    public function ask(string $do, string $store, array $more = []): mixed
    {
        return json_decode($this->send(['do' => $do, 'store' => $store] + $more)->body(), true, flags: JSON_THROW_ON_ERROR);
    }
}

/** A pool of PHP-FPM, behind nginx. */
final class Pool extends Server
{
    public function __construct(private string $address, public readonly string $name, public readonly int $master, public readonly string $socket)
    {
    }

    public function send(array $query): Request
    {
        return Request::http($this->address, "/$this->name/?" . http_build_query($query));
    }
}

/** PHP-FPM with several pools, and nginx before them. */
final class FpmBehindNginx
{
    /** @var array<string, Pool> */
    public array $pools = [];

    /**
     * @param array<string, array<string, string>> $pools the settings of each
     * @param array<string, string> $ini
     */
    public function __construct(private Place $place, private string $name, array $pools, array $ini = [], array $environment = [])
    {
        $text = "[global]\nerror_log = $place->own/$name.log\npid = $place->own/$name.pid\ndaemonize = no\nprocess_control_timeout = 10s\n";
        $locations = '';
        $address = Place::freeAddress();
        foreach ($pools as $pool => $settings) {
            $socket = "$place->own/$pool.sock";
            $settings += ['listen' => $socket, 'pm' => 'static', 'pm.max_children' => '2', 'listen.mode' => '0666', 'catch_workers_output' => 'yes'];
            if (posix_geteuid() === 0) {
                $settings += ['user' => 'www-data', 'group' => 'www-data'];
            } else {
                unset($settings['user'], $settings['group']);
            }
            $text .= "[$pool]\n" . implode(array_map(fn ($key, $value) => "$key = $value\n", array_keys($settings), $settings));
            // In a chroot the path is that inside.
            $root = isset($settings['chroot']) ? '' : $place->own;
            $locations .= "location /$pool/ {
                fastcgi_pass unix:$socket; fastcgi_read_timeout 60s;
                fastcgi_param SCRIPT_FILENAME $root/page.php; fastcgi_param SCRIPT_NAME /page.php;
                fastcgi_param QUERY_STRING \$query_string; fastcgi_param REQUEST_METHOD \$request_method;
                fastcgi_param REQUEST_URI \$request_uri; fastcgi_param SERVER_PROTOCOL \$server_protocol;
                fastcgi_param GATEWAY_INTERFACE CGI/1.1;
            }\n";
        }
        $options = [];
        foreach ($ini as $setting => $value) {
            array_push($options, '-d', "$setting=$value");
        }
        $conf = $place->write("$name.conf", $text);
        $master = $place->start($name, [getenv('FPM'), '-y', $conf, ...(posix_geteuid() === 0 ? ['-R'] : []), ...$options], $environment);
        $this->processes = [$master];
        $temporary = implode(array_map(fn ($kind) => "{$kind}_temp_path $place->own/nginx-$name-$kind;\n", ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']));
        $conf = $place->write("nginx-$name.conf", (posix_geteuid() === 0 ? "user www-data;\n" : '') . "daemon off;\npid $place->own/nginx-$name.pid;\n"
            . "error_log $place->own/nginx-$name.log;\nworker_processes 1;\nevents { worker_connections 256; }\n"
            . "http {\naccess_log off;\n{$temporary}server {\nlisten $address;\n$locations}\n}\n");
        $this->processes[] = $place->start("nginx-$name", [getenv('NGINX_BIN'), '-p', $place->own, '-e', "$place->own/nginx-$name.log", '-c', $conf]);
        foreach (array_keys($pools) as $pool) {
            until_listening("unix://$place->own/$pool.sock");
            $this->pools[$pool] = new Pool($address, $pool, $master, "$place->own/$pool.sock");
        }
        until_listening("tcp://$address");
    }

    /** @var list<int> PHP-FPM, nginx */
    private array $processes;

    public function stop(): void
    {
        foreach (array_reverse($this->processes) as $pid) {
            $this->place->stop($pid, SIGTERM);
        }
    }
}

/** Apache with the module, prefork. */
final class Apache extends Server
{
    private string $address;
    public readonly int $master;

    public function __construct(private Place $place)
    {
        $this->address = Place::freeAddress();
        $modules = getenv('APACHE_MODULES');
        $load = '';
        foreach (['mpm_prefork', 'authz_core', 'dir', 'mime'] as $module) {
            // Some distributions compile them in.
            $load .= is_file("$modules/mod_$module.so") ? "LoadModule {$module}_module $modules/mod_$module.so\n" : '';
        }
        $place->write('mime.types', "text/html html\n");
        $user = posix_geteuid() === 0 ? "User www-data\nGroup www-data\n" : '';
        $conf = $place->write('apache.conf', <<<CONF
            ServerRoot $place->own
            ServerName localhost
            Listen $this->address
            PidFile $place->own/apache.pid
            ErrorLog $place->own/apache.log
            DefaultRuntimeDir $place->own
            Mutex pthread
            {$load}LoadModule php_module {$this->module()}
            PHPIniDir {$this->ini()}
            TypesConfig $place->own/mime.types
            {$user}StartServers 3
            MinSpareServers 1
            MaxRequestWorkers 6
            GracefulShutdownTimeout 10
            DocumentRoot $place->own
            DirectoryIndex page.php
            <FilesMatch "\.php$">
                SetHandler application/x-httpd-php
            </FilesMatch>
            <Directory $place->own>
                Require all granted
            </Directory>
            CONF . "\n");
        $this->master = $place->start('apache', [getenv('APACHE'), '-DFOREGROUND', '-f', $conf]);
        until_listening("tcp://$this->address");
    }

    private function module(): string
    {
        return getenv('MOD_PHP');
    }

    private function ini(): string
    {
        return getenv('PHPRC');
    }

    public function send(array $query): Request
    {
        return Request::http($this->address, '/page.php?' . http_build_query($query));
    }

    public function stop(): void
    {
        $this->place->stop($this->master, SIGTERM);
    }
}

/** PHP's CGI program: a process for each request. */
final class Cgi extends Server
{
    public function __construct(private Place $place)
    {
    }

    public function send(array $query): Request
    {
        $environment = [
            'SCRIPT_FILENAME' => "{$this->place->own}/page.php", 'QUERY_STRING' => http_build_query($query), 'REQUEST_METHOD' => 'GET',
            'REDIRECT_STATUS' => '200', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'GATEWAY_INTERFACE' => 'CGI/1.1',
        ] + getenv();
        $log = ['file', "{$this->place->own}/cgi.log", 'a'];
        $process = proc_open([getenv('CGI')], [['file', '/dev/null', 'r'], ['pipe', 'w'], $log], $pipes, '/', $environment);
        return new Request($pipes[1], fn () => proc_close($process));
    }
}

/** PHP's own web server, with workers. */
final class CliServer extends Server
{
    private string $address;
    /** @var list<int> */
    private array $workers;
    public readonly int $master;

    public function __construct(private Place $place)
    {
        $this->address = Place::freeAddress();
        $command = [PHP_BINARY, '-S', $this->address, '-t', $place->own, "$place->own/page.php"];
        $this->master = $place->start('cli-server', $command, ['PHP_CLI_SERVER_WORKERS' => '4']);
        until_listening("tcp://$this->address");
        $this->workers = until(fn () => count($workers = children($this->master)) === 4 ? $workers : null, "The start of PHP's web server");
    }

    public function send(array $query): Request
    {
        return Request::http($this->address, '/?' . http_build_query($query));
    }

    public function stop(): void
    {
        $this->place->stop($this->master, SIGTERM);
        // They are not ended with their parent, which a case may have killed, too. (A zombie has no command line.)
        $runs = fn (int $pid) => str_contains((string) @file_get_contents("/proc/$pid/cmdline"), $this->address);
        foreach (array_filter($this->workers, $runs) as $worker) {
            posix_kill($worker, SIGTERM);
            until(fn () => !$runs($worker), "The end of a worker of PHP's web server");
        }
    }
}
