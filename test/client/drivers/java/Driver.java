import com.launchdarkly.logging.LDLogLevel;
import com.launchdarkly.logging.Logs;
import com.launchdarkly.sdk.ArrayBuilder;
import com.launchdarkly.sdk.EvaluationDetail;
import com.launchdarkly.sdk.EvaluationReason;
import com.launchdarkly.sdk.LDContext;
import com.launchdarkly.sdk.LDValue;
import com.launchdarkly.sdk.json.JsonSerialization;
import com.launchdarkly.sdk.json.SerializationException;
import com.launchdarkly.sdk.server.Components;
import com.launchdarkly.sdk.server.LDClient;
import com.launchdarkly.sdk.server.LDConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Drives LaunchDarkly's server-side SDK for Java by the commands of sdk_drivers.mjs: one on each
 * line of the input, with one answer each on the output. The argument is the base URL.
 */
public final class Driver {
  private final String base;
  private final Map<String, LDClient> clients = new HashMap<>();

  private Driver(String base) {
    this.base = base;
  }

  private LDValue open(LDValue command) {
    LDConfig.Builder config =
        new LDConfig.Builder()
            .serviceEndpoints(Components.serviceEndpoints().relayProxy(base))
            .applicationInfo(
                Components.applicationInfo()
                    .applicationId(command.get("application").stringValue()))
            .startWait(Duration.ofMillis((long) (command.get("timeout").doubleValue() * 1000)))
            .logging(Components.logging(Logs.toStream(System.err)).level(LDLogLevel.INFO));
    switch (command.get("mode").stringValue()) {
      case "polling":
        config.dataSource(Components.pollingDataSource());
        break;
      case "second-protocol":
        config.dataSystem(Components.dataSystem().defaultMode());
        break;
      default:
        break;
    }
    LDClient client = new LDClient(command.get("key").stringValue(), config.build());
    clients.put(command.get("client").stringValue(), client);
    return LDValue.buildObject().put("initialized", client.isInitialized()).build();
  }

  private static LDContext context(LDValue command) throws SerializationException {
    return JsonSerialization.deserialize(command.get("context").toJsonString(), LDContext.class);
  }

  private static LDValue detail(LDValue value, int variationIndex, EvaluationReason reason) {
    return LDValue.buildObject()
        .put("value", value)
        .put(
            "variationIndex",
            variationIndex == EvaluationDetail.NO_VARIATION
                ? LDValue.ofNull()
                : LDValue.of(variationIndex))
        .put("reason", LDValue.parse(JsonSerialization.serialize(reason)))
        .build();
  }

  /** Calls the method that is for the flag's type. */
  private static LDValue evaluate(LDClient client, LDValue flag, LDContext context) {
    String key = flag.get("key").stringValue();
    LDValue otherwise = flag.get("default");
    switch (flag.get("type").stringValue()) {
      case "bool":
        EvaluationDetail<Boolean> bool =
            client.boolVariationDetail(key, context, otherwise.booleanValue());
        return detail(LDValue.of(bool.getValue()), bool.getVariationIndex(), bool.getReason());
      case "string":
        EvaluationDetail<String> string =
            client.stringVariationDetail(key, context, otherwise.stringValue());
        return detail(
            LDValue.of(string.getValue()), string.getVariationIndex(), string.getReason());
      case "number":
        EvaluationDetail<Double> number =
            client.doubleVariationDetail(key, context, otherwise.doubleValue());
        return detail(
            LDValue.of(number.getValue()), number.getVariationIndex(), number.getReason());
      default:
        EvaluationDetail<LDValue> json = client.jsonValueVariationDetail(key, context, otherwise);
        return detail(json.getValue(), json.getVariationIndex(), json.getReason());
    }
  }

  private LDValue run(LDValue command) throws SerializationException {
    LDClient client = clients.get(command.get("client").stringValue());
    switch (command.get("command").stringValue()) {
      case "open":
        return open(command);
      case "evaluate":
        ArrayBuilder details = LDValue.buildArray();
        for (LDValue flag : command.get("flags").values()) {
          details.add(evaluate(client, flag, context(command)));
        }
        return LDValue.buildObject().put("details", details.build()).build();
      case "track":
        client.trackMetric(
            command.get("event").stringValue(),
            context(command),
            command.get("data"),
            command.get("metric").doubleValue());
        client.flush();
        return LDValue.buildObject().build();
      case "state":
        return LDValue.buildObject()
            .put("state", client.getDataSourceStatusProvider().getStatus().getState().name())
            .build();
      default:
        throw new IllegalArgumentException(command.toJsonString());
    }
  }

  public static void main(String[] arguments) throws IOException, SerializationException {
    Driver driver = new Driver(arguments[0]);
    PrintStream output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      output.println(driver.run(LDValue.parse(line)).toJsonString());
    }
    for (LDClient client : driver.clients.values()) {
      client.close();
    }
  }
}
