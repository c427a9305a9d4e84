# shellcheck shell=bash
# Sourced by scripts that need a web server: PHP-FPM behind nginx, on loopback, in a folder of its own, with the examples.

# WORK: starts it there, with the sync.so that was built; its address is WEB_URL. The folder is for all users: run by root, FPM's
# workers are somebody else, as in any server. `stop_web` ends it.
start_web() {
    local work=$1 fpm_user='' nginx_user='' port
    find_fpm || fail "no PHP-FPM of version ${PHP_ID%%-*}; run: scripts/need.sh --install pages"
    if [ "$(id -u)" = 0 ]; then
        fpm_user=$(printf 'user = nobody\ngroup = %s' "$(id -gn nobody)")
        nginx_user="user nobody $(id -gn nobody);"
    fi
    chmod 1777 "$work"
    # Copies: the folder of the repository need not be open to that user.
    cp -r examples "$work/examples"
    cp "$SYNC_SO" "$work/sync.so"
    chmod -R a+rX "$work/examples" "$work/sync.so"
    "$PHP" -n scripts/test-ini.php "$work/sync.so" >"$work/php.ini"

    cat >"$work/fpm.conf" <<CONF
[global]
error_log = $work/fpm.log
daemonize = no
[web]
listen = $work/fpm.sock
listen.mode = 0666
pm = static
pm.max_children = ${WEB_WORKERS:-20}
clear_env = no
catch_workers_output = yes
$fpm_user
CONF
    # A process that a page starts has the same settings as the page.
    export PHPRC=$work/php.ini PHP_INI_SCAN_DIR=/dev/null SYNC_FILE=$work/shared.sync SYNC_PHP=$PHP SYNC_HOSTS=own.example
    "$FPM" -c "$work/php.ini" -y "$work/fpm.conf" >"$work/fpm.out" 2>&1 &
    web_processes=($!)

    port=$("$PHP" -r '$s = stream_socket_server("tcp://127.0.0.1:0"); echo explode(":", stream_socket_get_name($s, false))[1];')
    mkdir "$work/nginx"
    cat >"$work/nginx.conf" <<CONF
daemon off;
pid $work/nginx.pid;
error_log $work/nginx.log;
$nginx_user
worker_processes 1;
events {}
http {
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path $work/nginx/body;
    proxy_temp_path $work/nginx/proxy;
    fastcgi_temp_path $work/nginx/fastcgi;
    uwsgi_temp_path $work/nginx/uwsgi;
    scgi_temp_path $work/nginx/scgi;
    server {
        listen 127.0.0.1:$port;
        root $work/examples;
        index index.php;
        location ~ \.php\$ {
            include /etc/nginx/fastcgi_params;
            fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
            fastcgi_pass unix:$work/fpm.sock;
            fastcgi_read_timeout 90s;
        }
    }
}
CONF
    PATH=$PATH:/usr/sbin nginx -c "$work/nginx.conf" >"$work/nginx.out" 2>&1 &
    web_processes+=($!)
    # shellcheck disable=SC2034 # for those who source this
    WEB_URL=http://127.0.0.1:$port
    local _
    for _ in $(seq 500); do
        if [ -S "$work/fpm.sock" ] && "$PHP" -n -r "exit((int) !@fsockopen('127.0.0.1', $port));"; then return; fi
        sleep 0.02
    done
    fail "the server does not start: $(cat "$work"/fpm.out "$work"/fpm.log "$work"/nginx.out "$work"/nginx.log)"
}

stop_web() {
    [ ${#web_processes[@]} = 0 ] || kill "${web_processes[@]}" 2>/dev/null || true
    wait "${web_processes[@]}" 2>/dev/null || true
    web_processes=()
}
web_processes=()
