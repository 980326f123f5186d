import java.util.concurrent.CountDownLatch;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One OpenSearch node on loopback, until it is killed: java -cp 'JARS/*' OpenSearchLauncher.java FOLDER HOST PORT. */
public class OpenSearchLauncher {
  public static void main(String[] args) throws InterruptedException {
    String folder = args[0];
    String host = args[1];
    String port = args[2];
    OpenSearchRunner runner = new OpenSearchRunner();
    runner.onBuild((number, settings) -> {
      settings.put("network.host", host);
      settings.put("http.port", port);
      settings.put("http.compression", false); // Some clients don't know its snappy answers.
      settings.put("transport.port", "0"); // Any; the node is alone.
      settings.put("discovery.type", "single-node");
      settings.putList("node.roles", "cluster_manager", "data", "ingest");
      settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
    });
    runner.build(OpenSearchRunner.newConfigs()
        .clusterName("tymbal-test-" + port).numOfNode(1).basePath(folder));
    new CountDownLatch(1).await();
  }
}
