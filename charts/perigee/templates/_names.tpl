{{/* An image's name. Takes a dict: image (repository, tag, digest) and chart. */}}
{{- define "perigee.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* The image of the models' pods: the agent's, unless another is given. */}}
{{- define "perigee.serveImage" -}}
{{- $image := ternary .Values.serve.image .Values.agent.image (not (empty .Values.serve.image.repository)) -}}
{{ include "perigee.image" (dict "image" $image "chart" .Chart) }}
{{- end -}}

{{/* Labels of everything. Takes a dict: component and root. */}}
{{- define "perigee.labels" -}}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{ include "perigee.selector" . }}
{{- end -}}

{{/* Labels that select the pods of a component. Takes the same. */}}
{{- define "perigee.selector" -}}
app.kubernetes.io/name: perigee
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Who a pod is: nobody in particular. */}}
{{- define "perigee.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* What a container may do: nothing in particular. */}}
{{- define "perigee.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* What the operator is told of the webhooks' receivers. Takes their list. */}}
{{- define "perigee.receivers" -}}
{{- $names := list -}}
{{- $told := list -}}
{{- range . -}}
{{- $names = append $names .name -}}
{{- $told = append $told (omit . "secret") -}}
{{- end -}}
{{- if ne (len $names) (len (uniq $names)) -}}
{{- fail "webhooks.receivers: two receivers have the same name" -}}
{{- end -}}
{{ toJson $told }}
{{- end -}}

{{- define "perigee.imagePullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}
