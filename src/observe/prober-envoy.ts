/** Port on the prober's loopback where its Envoy takes HTTP/2 CONNECT; only port-forward reaches it. */
export const proberPort = 15999

/**
 * Envoy's whole configuration in a prober, for `--config-yaml`: every CONNECT becomes a TCP connection to the address in header
 * `x-istio-mtls-target` (cluster type ORIGINAL_DST with `use_http_header`). Nothing listens but this one port on the loopback; no admin port.
 */
export function proberEnvoy(): string {
  const type = (name: string) => `type.googleapis.com/envoy.extensions.${name}`
  return JSON.stringify({
    static_resources: {
      listeners: [
        {
          name: 'connect',
          address: {socket_address: {address: '127.0.0.1', port_value: proberPort}},
          filter_chains: [
            {
              filters: [
                {
                  name: 'envoy.filters.network.http_connection_manager',
                  typed_config: {
                    '@type': type('filters.network.http_connection_manager.v3.HttpConnectionManager'),
                    stat_prefix: 'connect',
                    codec_type: 'HTTP2',
                    http2_protocol_options: {allow_connect: true, max_concurrent_streams: 1024},
                    upgrade_configs: [{upgrade_type: 'CONNECT'}],
                    stream_idle_timeout: '120s',
                    // Says in a header why a target could not be connected to (RFC 9209).
                    proxy_status_config: {},
                    route_config: {
                      virtual_hosts: [
                        {
                          name: 'any',
                          domains: ['*'],
                          routes: [
                            {
                              match: {connect_matcher: {}},
                              route: {cluster: 'target', timeout: '0s', upgrade_configs: [{upgrade_type: 'CONNECT', connect_config: {}}]},
                            },
                          ],
                        },
                      ],
                    },
                    http_filters: [
                      {
                        name: 'envoy.filters.http.router',
                        typed_config: {'@type': type('filters.http.router.v3.Router'), suppress_envoy_headers: true},
                      },
                    ],
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: 'target',
          type: 'ORIGINAL_DST',
          lb_policy: 'CLUSTER_PROVIDED',
          connect_timeout: '10s',
          original_dst_lb_config: {use_http_header: true, http_header_name: 'x-istio-mtls-target'},
          circuit_breakers: {thresholds: [{max_connections: 4096, max_pending_requests: 4096, max_requests: 4096}]},
        },
      ],
    },
  })
}
