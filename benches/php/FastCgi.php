<?php

/**
 * A FastCGI client, as much of one as measuring takes: one connection, kept open, to a pool of PHP-FPM; one request at a
 * time.
 */
final class FastCgi
{
    private const BEGIN = 1;
    private const END = 3;
    private const PARAMS = 4;
    private const STDIN = 5;
    private const STDOUT = 6;
    private const STDERR = 7;
    /** In the flags of a request: the connection stays. */
    private const KEEP = 1;
    private const RESPONDER = 1;

    /** @var resource|null */
    private $connection = null;

    public function __construct(private string $socket)
    {
    }

    /** Runs a script with a query; the body of its answer. An exception where the script failed. */
    public function request(string $script, array $query = []): string
    {
        $query = http_build_query($query);
        $parameters = '';
        foreach (['SCRIPT_FILENAME' => $script, 'SCRIPT_NAME' => '/' . basename($script), 'REQUEST_METHOD' => 'GET', 'QUERY_STRING' => $query, 'REQUEST_URI' => "/?$query", 'SERVER_PROTOCOL' => 'HTTP/1.1', 'GATEWAY_INTERFACE' => 'CGI/1.1'] as $name => $value) {
            $parameters .= pack('NN', strlen($name) | 1 << 31, strlen($value) | 1 << 31) . $name . $value;
        }
        $this->connection ??= stream_socket_client("unix://$this->socket", timeout: 10);
        stream_set_timeout($this->connection, 600);
        $this->send(self::record(self::BEGIN, pack('nCx5', self::RESPONDER, self::KEEP)) . self::record(self::PARAMS, $parameters) . self::record(self::PARAMS) . self::record(self::STDIN));
        $answer = $errors = '';
        do {
            [$type, $content] = $this->receive();
            $answer .= $type === self::STDOUT ? $content : '';
            $errors .= $type === self::STDERR ? $content : '';
        } while ($type !== self::END);
        [$head, $body] = explode("\r\n\r\n", $answer, 2) + ['', ''];
        if ($errors !== '' || preg_match('/^Status: [45]/m', $head)) {
            throw new Exception("A request failed: $errors$head\n$body");
        }
        return $body;
    }

    /** Ends the connection; the next request makes another one. */
    public function close(): void
    {
        $this->connection && fclose($this->connection);
        $this->connection = null;
    }

    private static function record(int $type, string $content = ''): string
    {
        return pack('CCnnCx', 1, $type, 1, strlen($content), 0) . $content;
    }

    private function send(string $bytes): void
    {
        for ($sent = 0; $sent < strlen($bytes); $sent += $wrote) {
            $wrote = fwrite($this->connection, substr($bytes, $sent));
            $wrote || throw new Exception('The pool closed the connection.');
        }
    }

    /** @return array{int, string} the type and content of a record */
    private function receive(): array
    {
        ['type' => $type, 'length' => $length, 'padding' => $padding] = unpack('Cversion/Ctype/nid/nlength/Cpadding/x', $this->exactly(8));
        $content = $this->exactly($length);
        $this->exactly($padding);
        return [$type, $content];
    }

    private function exactly(int $length): string
    {
        for ($bytes = ''; strlen($bytes) < $length; $bytes .= $got) {
            $got = fread($this->connection, $length - strlen($bytes));
            if ($got === '' || $got === false) {
                throw new Exception('The pool said no more: its worker has died, or takes too long.');
            }
        }
        return $bytes;
    }
}
